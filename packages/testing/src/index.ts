export { type CodeBlock, codeBlocks } from './code-blocks.ts';
export { describeWithData, sharedData } from './shared-data.ts';
