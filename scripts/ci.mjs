// @ts-check
/** Runs `npm test` and `npm run check`, and counts both in one last line: `N passed, N failed`. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run } from './steps.mjs';

const report = join(root, '.cache', 'tests.json');
mkdirSync(dirname(report), { recursive: true });
rmSync(report, { force: true });

const tests = await run('npm', ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
let passed = 0;
let failed = 0;
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  passed += numPassedTests;
  // A suite that fails to load has no failed test in it, and must still count.
  failed += numFailedTests || numFailedTestSuites;
}
if (tests.code !== 0 && failed === 0) failed = 1;

const checks = await run('npm', ['run', 'check'], { quiet: true });
process.stdout.write(checks.output);
const counted = checks.output.match(/(\d+) checks passed, (\d+) failed/);
if (counted) {
  passed += Number(counted[1]);
  failed += Number(counted[2]);
} else {
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
