import { statSync } from 'node:fs';
import { type Answers, type ExportOptions, exportOnnx, type PoolingMode, resolveModel } from '@rank-rank/models';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { command } from '../command.ts';
import { bold, figure } from '../terminal/terminal.ts';

interface ExportCommandOptions extends Record<string, unknown> {
  readonly output: string;
  readonly opset: '18' | '23';
  readonly pooling?: PoolingMode;
  readonly answers?: Answers;
  readonly externalData: NonNullable<ExportOptions['externalData']>;
}

export function exportOnnxCommand(): Command {
  return command<[string], ExportCommandOptions>(
    'onnx <model>',
    'Make an ONNX graph of a model’s weights (safetensors or PyTorch), its head included. The model is a folder or a name.',
    'rank export onnx models/my-colbert -o exported',
    (made) =>
      made
        .requiredOption('-o, --output <dir>', 'the folder to write: onnx/model.onnx, with the configuration and tokenizer beside it')
        .addOption(
          new Option('--opset <number>', '23 is the fastest in ONNX Runtime; 18 runs in runtimes of before 2025')
            .choices(['18', '23'])
            .default('23'),
        )
        .addOption(
          new Option('--pooling <mode>', 'how a transformer without a head is pooled').choices([
            'cls',
            'max',
            'mean',
            'mean_sqrt_len_tokens',
            'weightedmean',
            'lasttoken',
          ]),
        )
        .option('--answers <yes,no>', 'the tokens that a generative reranker answers with, by their ids', answers)
        .addOption(
          new Option('--external-data <when>', 'weights in a file of their own: auto does so where the graph comes near 2 GB')
            .choices(['auto', 'always', 'never'])
            .default('auto'),
        ),
    async (session, [model], { output, opset, pooling, answers: tokens, externalData }) => {
      const work = { signal: session.signal, onProgress: session.progress.report };
      const { folder } = await resolveModel(model, { weights: true, ...work });
      const exported = await exportOnnx(folder, output, {
        ...work,
        opset: Number(opset) as 18 | 23,
        externalData,
        ...(pooling && { pooling }),
        ...(tokens && { answers: tokens }),
      });
      session.print(exported, () => {
        const bytes = exported.files.reduce((sum, file) => sum + statSync(file).size, 0);
        return `${bold(exported.kind)} model in ${output} (${figure(bytes / 1e6)} MB): ${exported.inputs.join(', ')} → ${exported.outputs.join(', ')}`;
      });
    },
  );
}

/** Token ids such as `9693,2152`; the second may be left out. */
function answers(text: string): Answers {
  const [yes, no, ...more] = text.split(',').map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (Number.isNaN(yes) || Number.isNaN(no) || more.length > 0) {
    throw new InvalidArgumentError('--answers needs the ids of one or two tokens, such as 9693,2152.');
  }
  return { yes: yes!, ...(no !== undefined && { no }) };
}
