export { crc32 } from './crc32.ts';
export { type FileSystem, fileError, nodeFileSystem, type OutputFile } from './file-system.ts';
export type { ElementType } from './layout.ts';
export type { LockOwner } from './lock.ts';
export { memoryFileSystem } from './memory-file-system.ts';
export { type Section, SectionFile } from './section-file.ts';
export { type SectionData, SectionWriter } from './section-writer.ts';
export { type Scope, Store, type StoreOptions } from './store.ts';
