export { type CodeBlock, codeBlocks } from './code-blocks.ts';
export { type HubModel, HubServer, type Trouble } from './hub-server.ts';
export { type JsonAnswer, type JsonRequest, JsonServer } from './json-server.ts';
export { folderWithOwnCache } from './own-cache.ts';
export { describeWithModel } from './peer-models.ts';
export { plainEnvironment, runScript, type ScriptOutcome } from './run-script.ts';
export { describeWithData, sharedData } from './shared-data.ts';
