import { writeDocumentFile } from '@rank-rank/core/files';
import { Collection } from '@rank-rank/pipeline';
import { Command } from 'commander';
import { command } from '../command.ts';
import { exportOnnxCommand } from './export-onnx.ts';

/** What leaves: the documents of a collection, and models. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write out the documents of a collection, or a model as ONNX.')
    .addCommand(exportOnnxCommand())
    .addCommand(exportDocumentsCommand());
}

function exportDocumentsCommand(): Command {
  return command<[], { collection: string; output: string }>(
    'documents',
    'Write all documents of a collection as JSONL that can be indexed again.',
    'rank export documents --collection notes.rank -o notes.jsonl.gz',
    (made) =>
      made
        .requiredOption('-c, --collection <dir>', 'the collection')
        .requiredOption('-o, --output <file>', 'JSONL; packed where the name ends in .gz'),
    async (session, _, { collection: path, output }) => {
      const collection = await Collection.open(path);
      try {
        await writeDocumentFile(output, collection.documents());
        session.print({ documents: collection.size, output }, () => `${collection.size} documents in ${output}`);
      } finally {
        await collection.close();
      }
    },
  );
}
