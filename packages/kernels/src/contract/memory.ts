export interface MapFileOptions {
  /** Where to start; 0 by default. */
  readonly offset?: number;
  /** How many bytes; up to the end by default. */
  readonly length?: number;
}

/** A kernel's typed arrays by the name of their elements. */
export interface ArrayTypes {
  f32: Float32Array;
  u32: Uint32Array;
  u16: Uint16Array;
  i8: Int8Array;
  u8: Uint8Array;
}

/** Memory that kernels read without a copy. */
export interface MemoryKernels {
  /**
   * A zeroed array "where the kernel is": in WebAssembly's own (shared) memory, an ordinary one elsewhere. Data kept in such arrays
   * is never copied. Other data is copied to WebAssembly at each call, in pieces of about a megabyte where the operation can be divided; walks of
   * graphs and lists over more than that run where the data is, in JavaScript. When WebAssembly's 4 GiB are full, the array is an ordinary one.
   */
  allocate<T extends keyof ArrayTypes>(type: T, length: number): ArrayTypes[T];
  /** Gives back what `allocate` gave; the array must not be used any more. Without it, WebAssembly's memory stays taken. */
  release(array: ArrayBufferView): void;
  /**
   * A file as a buffer. Native: mapped, read as it is touched, and let go when the buffer is garbage; writes to the buffer stay
   * private and never reach the file, which must not be truncated while it is mapped. Elsewhere: read. No more at once than an
   * array of the runtime holds, which is 4 GiB in Node 20; what lies past that is mapped with `offset`.
   * WebAssembly keeps one copy of the buffer from its first use until it is garbage: write to it before that, by the kernels, or not at all.
   */
  mapFile(path: string, options?: MapFileOptions): ArrayBuffer;
}
