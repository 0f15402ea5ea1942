import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { printResults } from '../../infra/generate/printResults.js'
import { plan, recordOf } from '../experiments/makeRuns.js'

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
const marks = [
  '<!-- Written by "npm run generate" from docs/runs. -->',
  '<!-- End of what "npm run generate" writes. -->',
] as const

it('matches the stored runs of the repository; if this fails, run "npm run generate"', () => {
  const page = read('results.md')
  expect(printResults(page, (file) => read(`runs/${file}`))).toBe(page)
})

it('prints stored runs as tables, and does not touch the rest of the page', () => {
  const labels = Uint16Array.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 1)
  const right = (share: number) => Array.from(labels, (label, i) => (i < share * 10 ? label : (label + 1) % 4))
  // Accuracies .3 .4 .2 and .5 .4 .5: differences .2 0 .3, their mean .1667, sd .15275, its error .08819, t(2) =
  // 4.3027.
  const runs = [
    [0.3, 0.5],
    [0.4, 0.4],
    [0.2, 0.5],
  ].flatMap(([first, second], i) => [
    recordOf({ arm: 'baseline', seed: i + 1, labels, answers: right(first!) }),
    recordOf({ arm: 'imclr', seed: i + 1, labels, answers: right(second!) }),
  ])
  const files: Record<string, string> = {
    'measured.json': JSON.stringify([
      {
        runs: 'made-up.json',
        data: 'ten images',
        command: 'npm run nothing',
        commit: 'abc1234',
        remarks: ['Nothing else was tried.'],
      },
    ]),
    'made-up.json': JSON.stringify({ schemaVersion: 1, plan, runs, withoutResult: [] }),
  }
  const printed = printResults(`before\n${marks[0]}\nleft from last time\n${marks[1]}\nafter\n`, (file) => files[file]!)
  expect(
    printed.startsWith(
      `before\n${marks[0]}\n\n### Made up, for a test: ten images\n\nNobody claims this.\n\n\`npm run nothing\` at abc1234; 6 of 6 runs, 10 test images; 2 cores of a <b>CPU</b>`,
    ),
  ).toBe(true)
  expect(printed).toContain(
    '\n| all | baseline | 30.00, 40.00, 20.00 | 30.00 (10.00) | 30 | 0.1 |\n| all | imclr | 50.00, 40.00, 50.00 | 46.67 (5.77) | 30 | 0.1 |\n',
  )
  expect(printed).toMatch(
    /\n\| all \| imclr minus baseline \| \+20\.00, 0\.00, \+30\.00 \| \+16\.67 \| −21\.28 to \+54\.61 \| [^|]+ \| 0\.199 \(0\.199\) \| \+1\.30 \|\n/,
  )
  expect(printed).toContain(
    '\n- With all labels no difference between imclr and baseline shows: the interval over seeds holds zero.\n\nNothing else was tried.\n',
  )
  expect(printed).not.toContain('last time')
  expect(printed.endsWith(`\n${marks[1]}\nafter\n`)).toBe(true)
})

it('prints differences under corruption by severity, and arms that the claim does not compare with the first', () => {
  const labels = Uint16Array.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 1)
  const right = (share: number) => Array.from(labels, (label, i) => (i < share * 10 ? label : (label + 1) % 4))
  // Each severity has its number of wrong images among the ten. The second arm has one wrong image fewer, and at
  // severity 5 one more.
  const runs = [1, 2].flatMap((seed) =>
    [
      ['baseline', 0.3, 0],
      ['imclr', 0.5, 1],
      ['both', 0.4, 0],
    ].map(([arm, accuracy, more]) =>
      recordOf({
        arm: arm as string,
        seed,
        labels,
        answers: right(accuracy as number),
        corrupted: (cell, image) =>
          image < 5 + (cell % 5 === 4 ? -1 : 1) * (more as number) ? labels[image]! : (labels[image]! + 1) % 4,
      }),
    ),
  )
  const three = {
    ...plan,
    arms: [...plan.arms, { name: 'both', title: 'Both' }],
    comparisons: [{ arm: 'imclr', against: 'baseline', published: 1, metric: 'corrupted' as const }],
    seeds: [1, 2],
  }
  const files: Record<string, string> = {
    'measured.json': JSON.stringify([
      { runs: 'three.json', data: 'ten images', command: 'npm run nothing', commit: 'abc1234', remarks: [] },
    ]),
    'three.json': JSON.stringify({ schemaVersion: 1, plan: three, runs, withoutResult: [] }),
  }
  const printed = printResults(`${marks[0]}\n${marks[1]}\n`, (file) => files[file]!)
  const each = [1, 2, 3, 4].map((severity) => `${severity}: +10.00 (+10.00 to +10.00)`).join('; ')
  expect(printed).toContain(
    `\n- imclr minus baseline, all labels, by severity: ${each}; 5: −10.00 (−10.00 to −10.00).\n`,
  )
  // Four severities of five gain ten points and one loses ten: six in the mean, for every corruption.
  expect(printed).toMatch(
    /\n- By corruption it does best with [a-z ]+ \+6\.00, [a-z ]+ \+6\.00, [a-z ]+ \+6\.00, and worst with/,
  )
  expect(printed).toContain(
    '\n- Beside the claim, against baseline, all labels, 95 % over seeds, not adjusted: both +10.00 (+10.00 to +10.00).\n',
  )
})
