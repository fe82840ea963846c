import { type InspectedModel, inspectModel, knownModels, listModels, type Precision, pullModel } from '@rank-rank/models';
import { Command, Option } from 'commander';
import { command } from '../command.ts';
import { bold, dim, figure, table, yellow } from '../terminal/terminal.ts';

interface ModelCommandOptions extends Record<string, unknown> {
  readonly precision?: Precision;
  readonly tested?: boolean;
}

const precisionOption = (): Option =>
  new Option('--precision <name>', 'which weights').choices(['auto', 'fp32', 'fp16', 'q8', 'int8', 'q4']);

/** `rank model list|pull|inspect`. */
export function modelCommand(): Command {
  const made = new Command('model').description('Models: which are here, get one, look into one.');
  for (const make of [listCommand, pullCommand, inspectCommand]) made.addCommand(make());
  return made;
}

function listCommand(): Command {
  return command<[], ModelCommandOptions>(
    'list',
    'The models that are in the cache, which Python and others share; with --tested those that are known to run.',
    'rank model list --tested',
    (made) => made.option('--tested', 'the models whose use is known and tested, here or not'),
    async (session, _, { tested = false }) => {
      if (tested) {
        session.print({ models: knownModels }, () =>
          table(
            [
              ['model', 'kind', 'licence', 'dimensions', 'millions', 'languages', 'tested with'].map(bold),
              ...knownModels.map(({ name, kind, licence, dim: size, millions, languages, verified }) => [
                name,
                kind,
                licence,
                String(size ?? ''),
                String(millions),
                languages,
                verified === 'weights' ? 'its weights' : 'its layout',
              ]),
            ],
            [3, 4],
          ),
        );
        return;
      }
      const models = await listModels();
      session.print({ models }, () =>
        models.length === 0
          ? 'No model is here yet. rank model pull NAME fetches one; rank model list --tested names some.'
          : table(
              [
                ['model', 'kind', 'licence', 'MB', 'revision'].map(bold),
                ...models.map(({ name, kind, licence, bytes, revisions, commit }) => [
                  name,
                  kind ?? yellow('incomplete'),
                  licence ?? '',
                  figure(bytes / 1e6),
                  [...revisions, dim(commit.slice(0, 8))].join(' '),
                ]),
              ],
              [3],
            ),
      );
    },
  );
}

function pullCommand(): Command {
  return command<[string], ModelCommandOptions>(
    'pull <model>',
    'Fetch what a model needs to run, and nothing else. An interrupted download goes on where it stopped.',
    'rank model pull cross-encoder/ms-marco-MiniLM-L6-v2 --precision int8',
    (made) => made.addOption(precisionOption()),
    async (session, [model], { precision }) => {
      const pulled = await pullModel(model, {
        ...(precision && { precision }),
        signal: session.signal,
        onProgress: session.progress.report,
      });
      session.print(pulled, () =>
        [
          `${bold(pulled.name)} ${dim(pulled.commit.slice(0, 8))}, licence ${pulled.licence ?? 'not named'}`,
          table(
            pulled.files.map(({ path, size, why }) => [path, `${figure(size / 1e6)} MB`, dim(why)]),
            [1],
          ),
          `${figure(pulled.fetched / 1e6)} MB fetched into ${pulled.folder}`,
        ].join('\n'),
      );
    },
  );
}

function inspectCommand(): Command {
  return command<[string], ModelCommandOptions>(
    'inspect <model>',
    'What a model is, what would be run of it, sizes and operators. The model is a folder or a name.',
    'rank model inspect models/all-MiniLM-L6-v2 --precision int8',
    (made) => made.addOption(precisionOption()),
    async (session, [model], { precision }) => {
      const found = await inspectModel(model, {
        ...(precision && { precision }),
        hub: { signal: session.signal, onProgress: session.progress.report },
      });
      session.print(found, () => inspectedText(found));
    },
  );
}

const runsAs: Readonly<Record<InspectedModel['runs'], string>> = {
  graph: 'an ONNX graph',
  export: 'an ONNX graph that is made of its weights when it is first opened',
  table: 'a table of vectors; no runtime is needed',
  none: 'nothing of that precision is here: rank quantize makes it',
};

function inspectedText({ folder, description, licence, known, bytes, files, weights, runs, graph }: InspectedModel): string {
  const { folder: _, notes, ...settings } = description;
  const rows: [string, string][] = [
    ['folder', `${folder} (${files.length} files, ${figure(bytes / 1e6)} MB)`],
    ['licence', licence ?? known?.licence ?? 'not named'],
    ...Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, string] => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
    ...(weights
      ? [['weights', `${figure(weights.parameters / 1e6)} million (${Object.keys(weights.types).join(', ')})`] as [string, string]]
      : []),
    ['runs as', runsAs[runs]],
    ...(graph
      ? ([
          ['graph', `${graph.file} (${figure(graph.bytes / 1e6)} MB${graph.producer ? `, by ${graph.producer}` : ''})`],
          ['inputs', graph.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(' ')],
          ['outputs', graph.outputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(' ')],
          [
            'operators',
            Object.entries(graph.operators)
              .map(([name, count]) => `${name} ${count}`)
              .join(', '),
          ],
          [
            'numbers',
            Object.entries(graph.weights)
              .map(([type, { count }]) => `${figure(count / 1e6)} million ${type}`)
              .join(', '),
          ],
        ] as [string, string][])
      : []),
  ];
  return [table(rows.map(([name, value]) => [bold(name), value])), ...notes.map((note) => `${yellow('!')} ${note}`)].join('\n');
}
