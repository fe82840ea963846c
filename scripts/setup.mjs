// @ts-check
/**
 * Brings a clone to where its commands can run: installs when the lockfile changed, builds when sources changed.
 * A package may name build steps of its own in its package.json, beside the TypeScript build that every package has:
 *
 *   "buildSteps": [{ "name": "native", "run": "native/build.mjs", "inputs": ["native"], "outputs": ["build/x.node"], "optional": true }]
 *
 * `run` is a Node script of the package, started in its folder after the TypeScript build. An optional step that fails is
 * said once and does not stop the rest. Nothing here knows a package by name: a new one needs no change to these files.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { binOf, contentHash, fail, fingerprint, root, run, runNode, unlessFresh, workspaces } from './steps.mjs';

const note = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);

export async function install() {
  const lock = join(root, 'package-lock.json');
  const manifests = workspaces().map(({ folder }) => join(folder, 'package.json'));
  const mark = contentHash([lock, join(root, 'package.json')]) + manifests.length;
  await unlessFresh('install', mark, [join(root, 'node_modules')], async () => {
    note('Installing dependencies…');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const args = existsSync(join(root, 'node_modules')) ? ['install'] : ['ci'];
    const { code, output } = await run(npm, [...args, '--no-audit', '--no-fund'], { quiet: true });
    if (code !== 0)
      fail(
        `${output}\nInstalling the dependencies failed (npm ${args[0]}, exit ${code}). Mend what npm says above, then run the command again.`,
      );
  });
}

async function buildTypeScript() {
  const projects = workspaces()
    .map(({ folder }) => folder)
    .filter((folder) => existsSync(join(folder, 'tsconfig.json')));
  const inputs = [
    join(root, 'tsconfig.base.json'),
    ...projects.flatMap((folder) => ['src', 'tsconfig.json', 'package.json'].map((name) => join(folder, name))),
  ];
  const outputs = projects.map((folder) => join(folder, 'dist'));
  await unlessFresh('typescript', fingerprint(inputs), outputs, async () => {
    note('Building TypeScript…');
    const { code, output } = await runNode(binOf('typescript', 'tsc'), ['-b', ...projects], { quiet: true });
    if (code !== 0) fail(`${output}\nThe TypeScript build failed.`);
  });
}

async function buildSteps() {
  for (const { folder, manifest } of workspaces()) {
    for (const step of manifest.buildSteps ?? []) {
      const inputs = step.inputs.map((/** @type {string} */ path) => join(folder, path));
      const outputs = (step.outputs ?? []).map((/** @type {string} */ path) => join(folder, path));
      await unlessFresh(`${manifest.name}-${step.name}`, fingerprint(inputs), step.optional ? [] : outputs, async () => {
        note(`Building ${manifest.name} (${step.name})…`);
        const { code, output } = await runNode(step.run, [], { cwd: folder, quiet: true });
        if (code === 0) return;
        if (!step.optional) fail(`${output}\nThe ${step.name} build of ${manifest.name} failed.`);
        note(`${output.trim()}\nThe ${step.name} build of ${manifest.name} failed; going on without it.`);
      });
    }
  }
}

export async function build() {
  await buildTypeScript();
  await buildSteps();
}

export async function setup() {
  await install();
  await build();
}
