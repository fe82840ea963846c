declare module 'wink-bm25-text-search' {
  interface Wink {
    defineConfig(config: object): void;
    definePrepTasks(tasks: readonly ((text: string) => string[])[]): void;
    addDoc(document: { text: string }, id: string): void;
    consolidate(): void;
    search(text: string, k: number): [id: string, score: number][];
  }
  export default function bm25(): Wink;
}
