import { readQueryFile } from '@rank-rank/core/files';
import { type Quantized, type QuantizeMethod, quantize, resolveModel } from '@rank-rank/models';
import { type Command, Option } from 'commander';
import { command } from '../command.ts';
import { bold, figure, table, yellow } from '../terminal/terminal.ts';
import { gathered, wholeNumber } from './values.ts';

interface QuantizeCommandOptions extends Record<string, unknown> {
  readonly output: string;
  readonly method: QuantizeMethod;
  readonly reduceRange?: boolean;
  readonly blockSize?: number;
  readonly keep?: readonly string[];
  readonly embeddings: boolean;
  readonly texts?: string;
}

export function quantizeCommand(): Command {
  return command<[string], QuantizeCommandOptions>(
    'quantize <model>',
    'Write a smaller, faster form of a model and say how far it is off. The model is a folder, of weights or with an ONNX graph, or a name.',
    'rank quantize exported -o exported --method int8 --texts queries.jsonl',
    (made) =>
      made
        .requiredOption('-o, --output <dir>', 'the folder to write: onnx/model_METHOD.onnx; may be the model’s own')
        .addOption(
          new Option('-m, --method <name>', 'int8 for processors; q8 and q4 by blocks: closer, and smaller; fp16 for graphics processors')
            .choices(['int8', 'q8', 'q4', 'fp16'])
            .default('int8'),
        )
        .option('--reduce-range', 'int8 with weights of seven bits, for processors without VNNI')
        .option(
          '--block-size <number>',
          'q8, q4: how many weights share a scale; 32 for q8 and 16 for q4 unless told',
          wholeNumber('--block-size', 16),
        )
        .option('--keep <layer>', 'a part of the names of layers that stay float32; may be repeated', gathered)
        .option('--no-embeddings', 'leave embedding tables float32')
        .option('--texts <file>', 'JSONL or TSV of texts as the model will see them, to calibrate on and to measure the error'),
    async (session, [model], { output, method, reduceRange = false, blockSize, keep, embeddings, texts }) => {
      const work = { signal: session.signal, onProgress: session.progress.report };
      const { folder } = await resolveModel(model, work);
      const samples = texts === undefined ? undefined : (await readQueryFile(texts)).map(({ text }) => text);
      const quantized = await quantize(folder, output, {
        ...work,
        method,
        reduceRange,
        ...(blockSize !== undefined && { blockSize }),
        embeddings,
        ...(keep && { keep }),
        ...(samples && { texts: samples }),
      });
      session.print(quantized, () => quantizedText(quantized));
    },
  );
}

function quantizedText({ files, bytes, errors, layers, notes }: Quantized): string {
  const kept = layers.kept.length === 0 ? '' : `, ${layers.kept.length} kept`;
  return [
    `${bold(files[0]!)}: ${figure(bytes.after / 1e6)} MB, of ${figure(bytes.before / 1e6)}; ${layers.replaced} layers replaced${kept}`,
    ...(errors.length === 0
      ? []
      : [
          table(
            [
              ['output', 'largest error', 'of', 'cosine, worst', 'mean'].map(bold),
              ...errors.map(({ output, maxError, largest, cosine }) => [
                output,
                figure(maxError),
                figure(largest),
                ...(cosine ? [cosine.worst.toFixed(4), cosine.mean.toFixed(4)] : []),
              ]),
            ],
            [1, 2, 3, 4],
          ),
        ]),
    ...notes.map((note) => `${yellow('!')} ${note}`),
  ].join('\n');
}
