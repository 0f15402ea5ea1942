import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { experimentRuns } from '@imclr/contract'
import { reportExperiment, type ExperimentReport } from '@imclr/experiments'
import { experimentPage } from '@imclr/page'
import { makeRuns } from '../experiments/makeRuns.js'
import { partPath, requirePart } from '../support/parts.js'

const hostile = '<img src=x onerror="alert(1)">&\'`${1}'
const made = (() => {
  const runs = makeRuns()
  return reportExperiment(
    {
      ...runs,
      plan: {
        ...runs.plan,
        title: hostile,
        claim: hostile,
        arms: [
          { name: 'baseline', title: 'Baseline' },
          { name: 'imclr', title: `ImCLR ${hostile}` },
        ],
      },
    },
    { resamples: 300 },
  )
})()

describe("an experiment's page", () => {
  it('loads nothing, runs no script, and escapes the text of users', () => {
    const page = experimentPage(made)
    expect(page).not.toMatch(/<script|<link|<iframe|@import|https?:\/\/|<img/i)
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;`${1}')
    expect(page).toContain('a &lt;b&gt;CPU&lt;/b&gt;')
  })

  it('shows the numbers of the report', () => {
    const text = experimentPage(made)
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
    for (const {
      comparisons: [one],
    } of made.budgets) {
      const sign = one!.mean > 0 ? '+' : '−'
      expect(text).toContain(`${sign}${Math.abs(100 * one!.mean).toFixed(2)}`)
      for (const { seed, first, second } of one!.perSeed)
        expect(text).toContain(`${seed} ${(100 * first).toFixed(2)} ${(100 * second).toFixed(2)}`)
    }
    expect(text).toContain('published +1.30')
  })

  it('says when there is only one seed, only one budget, a missing run, or no run', () => {
    const one = makeRuns({ seeds: 1, budgets: [null] })
    const single = experimentPage(
      reportExperiment(
        {
          ...one,
          runs: one.runs.map((run) => ({ ...run, corrupted: null })),
          plan: { ...one.plan, seeds: [1, 2] },
          withoutResult: [{ arm: 'imclr', seed: 2, budget: null, why: 'it was canceled' }],
        },
        { resamples: 50 },
      ),
    )
    for (const words of [
      'one seed: no interval over seeds',
      'Not compared: not every run was evaluated under corruption',
      'ImCLR, seed 2, all labels: it was canceled',
      'One comparison was made',
    ])
      expect(single).toContain(words)
    expect(single).not.toContain('Accuracy by number of labels')
    expect(single).not.toMatch(/NaN|undefined|Infinity/)
    expect(experimentPage(reportExperiment({ ...one, runs: [] }))).toContain('No run has a result yet')
  })

  describe.skipIf(!requirePart('chromium'))('in Chromium', () => {
    let browser: Browser
    const folder = mkdtempSync(join(tmpdir(), 'imclr-page-'))
    /** The second page has two comparisons with long names, made from the titles of their arms. */
    const files = [join(folder, 'made.html'), join(folder, 'autoaugment.html')] as const
    beforeAll(async () => {
      writeFileSync(files[0], experimentPage(made))
      const stored = experimentRuns.parse(
        JSON.parse(readFileSync(new URL('../../docs/runs/autoaugment-cifar10.json', import.meta.url), 'utf8')),
      )
      writeFileSync(files[1], experimentPage(reportExperiment(stored, { resamples: 300 })))
      browser = await chromium.launch({ executablePath: partPath('chromium'), args: ['--no-sandbox'] })
    })
    afterAll(() => browser.close())

    it.each([
      ['wide', 1280],
      ['narrow', 390],
    ] as const)('fits a %s screen in light and dark, and makes no requests', async (_, width) => {
      const asked: string[] = []
      for (const [file, colorScheme] of files.flatMap(
        (file) =>
          [
            [file, 'light'],
            [file, 'dark'],
          ] as const,
      )) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
        page.on('request', (request) => asked.push(request.url()))
        const errors: string[] = []
        page.on('console', (message) => errors.push(message.text()))
        await page.goto(`file://${file}`)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
        // Every label of a drawing lies within the drawing.
        const outside = await page.evaluate(`[...document.querySelectorAll('svg')].flatMap((svg) => {
          const frame = svg.getBoundingClientRect()
          return [...svg.querySelectorAll('text')].filter((text) => { const box = text.getBoundingClientRect(); return box.left < frame.left - 2 || box.right > frame.right + 2 }).map((text) => text.textContent)
        })`)
        expect(outside).toEqual([])
        expect(errors).toEqual([])
        await page.close()
      }
      expect(asked.every((url) => files.some((file) => url === `file://${file}`))).toBe(true)
    })
  })
})

it('marks each published number in the drawings', () => {
  const circles = (report: ExperimentReport): number => experimentPage(report).split('<path d="M ').length
  const without: ExperimentReport = {
    ...made,
    budgets: made.budgets.map((budget) => ({
      ...budget,
      comparisons: budget.comparisons.map((one) => ({ ...one, published: null })),
    })),
  }
  expect(circles(made)).toBe(circles(without) + 3)
})
