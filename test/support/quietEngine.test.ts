import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it("leaves TensorFlow's notices out of a run's output, and keeps its warnings, its errors and all else", () => {
  const folder = mkdtempSync(join(tmpdir(), 'imclr-quiet-'))
  const kept = [
    'W0000 00:00:1796146575.921186   22516 gpu.cc:1] no GPU',
    'E0000 00:00:1796146575.921187   22516 op.cc:2] the op is broken',
    'I am no notice: größer',
  ]
  const written = [
    'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
    'I0000 00:00:1796146575.921185   22516 port.cc:153] oneDNN custom operations are on.',
    ...kept,
    'I0000 00:00:1796146639.787963   23489 cpu_feature_guard.cc:227] This TensorFlow binary is optimized',
  ]
  try {
    // Two files, so that output comes from a second worker after the first has ended.
    for (const name of ['a', 'b'])
      writeFileSync(
        join(folder, `${name}.test.mjs`),
        `import { writeSync } from 'node:fs'
         test('one', () => void writeSync(2, ${JSON.stringify(`${written.join('\n')}\n`)}))`,
      )
    const reporters = ['closingLine', 'quietEngine'].flatMap((name) => [
      '--reporter',
      join(import.meta.dirname, `${name}.ts`),
    ])
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs'),
        ...['run', '--root', folder, '--globals', '--pool', 'forks', '--maxWorkers', '1', ...reporters],
      ],
      { encoding: 'utf8' },
    )
    expect([status, stdout.trim().split('\n').at(-1)]).toEqual([0, '2 passed, 0 failed'])
    expect(stderr.trim().split('\n')).toEqual([...kept, ...kept])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
