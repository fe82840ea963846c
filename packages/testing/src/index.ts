export { type CodeBlock, codeBlocks } from './code-blocks.ts';
export { type HubModel, HubServer, type Trouble } from './hub-server.ts';
export { describeWithModel } from './peer-models.ts';
export { describeWithData, sharedData } from './shared-data.ts';
