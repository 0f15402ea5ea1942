import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PrepareOptionsInput } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { noisePng, outputPrefix, tarOf, workplace } from './uploads.js'
import type { Entries } from './uploads.js'

const script = join(fileURLToPath(import.meta.url), '..', 'prepareProcess.mjs')

/** What a process of its own needs for a table beside eight pictures. */
async function cost(
  name: string,
  content: string,
  options: PrepareOptionsInput = {},
): Promise<{ megabytes: number; seconds: number; issues: string[] }> {
  await using place = await workplace()
  const uploadKey = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/uploads/upl_aaaaaaaaaaaaaaaaaaaa/archive'
  const pictures = Array.from({ length: 8 }, (_, i): Entries[number] => [`img/${i}.png`, noisePng(i, 8)])
  await place.store.put(uploadKey, await tarOf([[name, content], ...pictures]), {
    contentType: 'application/octet-stream',
  })
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, join(place.root, 'objects'), place.workDir, uploadKey, outputPrefix, JSON.stringify(options)],
    { maxBuffer: 2 ** 24, timeout: 110_000 },
  )
  return JSON.parse(stdout) as { megabytes: number; seconds: number; issues: string[] }
}

const megabyte = 2 ** 20
const good = [
  'path,label',
  ...Array.from({ length: 8 }, (_, i) => `img/${i}.png,${i % 2 === 0 ? 'cat' : 'dog'}`),
  '',
].join('\n')
const missing = (count: number) => Array.from({ length: count }, (_, i) => `img/no${i}.png,cat\n`).join('')
const nested = `{"path":"img/0.png","label":"cat","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}\n`

describe('useless tables of 20 MB', () => {
  it.each<[string, { name?: string; content: string; options?: PrepareOptionsInput; issue: string }]>([
    ['rows for missing files', { content: good + missing(1_000_000), issue: 'labels.csv:10 PATHS_DO_NOT_MATCH' }],
    [
      'rows for missing files, to be left out',
      { content: good + missing(300_000), options: { onProblem: 'skip' }, issue: 'labels.csv:10 PATHS_DO_NOT_MATCH' },
    ],
    [
      'one row again and again',
      { content: good + 'img/0.png,cat\n'.repeat(1_400_000), issue: 'labels.csv:1009 TOO_MANY_PROBLEMS' },
    ],
    [
      'labels that differ',
      {
        content: good + Array.from({ length: 1_200_000 }, (_, i) => `img/0.png,${i}\n`).join(''),
        options: { onProblem: 'skip' },
        issue: 'labels.csv:1010002 TABLE_TOO_LONG',
      },
    ],
    [
      'a quote that is never closed',
      { content: `${good}"${'x'.repeat(20 * megabyte)}`, issue: 'labels.csv:10 LINE_TOO_LONG' },
    ],
    ['commas', { content: good + `${','.repeat(60_000)}\n`.repeat(350), issue: 'labels.csv:10 ROW_LENGTH' }],
    [
      'an object within objects',
      {
        name: 'labels.jsonl',
        content: `{"path":${'['.repeat(20 * megabyte)}`,
        issue: 'labels.jsonl LABELS_UNREADABLE',
      },
    ],
    [
      'an object within objects, behind others',
      {
        name: 'labels.jsonl',
        content: `{"path":"img/0.png","label":"cat"}\n{"path":${'['.repeat(20 * megabyte)}`,
        issue: 'labels.jsonl:2 LINE_TOO_LONG',
      },
    ],
    [
      'many objects within objects',
      { name: 'labels.jsonl', content: nested.repeat(350), issue: 'labels.jsonl:2 ROW_TWICE' },
    ],
  ])(
    'cost a few times their size, and are refused with their place: %s',
    async (_, { name = 'labels.csv', content, options, issue }) => {
      const { megabytes, seconds, issues } = await cost(name, content, options)
      expect(issues).toContain(issue)
      // The program itself grows by some 80 MB whatever it reads, and what the garbage collector leaves for later;
      // without bounds these took gigabytes.
      expect(megabytes).toBeLessThan(300)
      expect(seconds).toBeLessThan(60)
    },
    120_000,
  )
})
