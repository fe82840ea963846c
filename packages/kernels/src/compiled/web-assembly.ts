/** What is used of the WebAssembly of browsers and Node, of which the types of Node say nothing. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemoryObject {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

interface WebAssemblyObject {
  readonly Module: new (code: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number; readonly shared?: boolean }) => WasmMemoryObject;
  validate(code: Uint8Array): boolean;
}

export const webAssembly: WebAssemblyObject | undefined = (globalThis as { readonly WebAssembly?: WebAssemblyObject }).WebAssembly;
