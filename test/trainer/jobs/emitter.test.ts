import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { trainerEvent } from '@imclr/contract'
import { afterAll, describe, expect, it } from 'vitest'
import { createEmitter, toFailure } from '@imclr/trainer/events/testing'

const folder = mkdtempSync(join(tmpdir(), 'imclr-emitter-'))
afterAll(() => rmSync(folder, { recursive: true }))

const disk = { host: 'node-7', folder: '/srv/work' }
const progress = (done: number) => ({ phase: 'training' as const, done, total: 100, unit: 'steps', secondsLeft: null })

describe('createEmitter', () => {
  it('writes lines that the contract reads, and thins progress out by time', () => {
    const path = join(folder, 'events.jsonl')
    const fd = openSync(path, 'a')
    let now = 0
    const emitter = createEmitter({
      fd,
      disk,
      now: () => now,
      onReaderGone: () => expect.fail('a file has no reader that could go'),
    })
    for (let done = 1; done <= 100; done++, now += 100) emitter.progress(progress(done))
    emitter.progress({ ...progress(0), phase: 'evaluating' })
    closeSync(fd)
    const events = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => trainerEvent.parse(JSON.parse(line)))
    // 100 steps in 9.9 s: one line per half second, the last one, and the new phase at once.
    expect(events.map((event) => (event.type === 'progress' ? event.done : NaN))).toEqual([
      ...Array.from({ length: 20 }, (_, i) => 5 * i + 1),
      100,
      0,
    ])
  })

  it('says that the disk is full', () => {
    const fd = openSync('/dev/full', 'w')
    const emitter = createEmitter({ fd, disk, now: () => 0, onReaderGone: () => {} })
    expect(() => emitter.progress(progress(1))).toThrow(
      expect.objectContaining({
        code: 'DISK_FULL',
        message: expect.stringContaining('/srv/work on the machine node-7') as string,
      }),
    )
    closeSync(fd)
  })

  it('takes back the half line that did not fit', () => {
    // A limit on the size of files stands for the disk: of the line that reaches it the first part is written, the rest
    // refused.
    const path = join(folder, 'limited.jsonl')
    const { status, stderr } = shell(`trap '' XFSZ; ulimit -f 1; exec ${emitting} > "${path}"`)
    expect(stderr).toContain('DISK_FULL')
    expect(status).toBe(1)
    const text = readFileSync(path, 'utf8')
    expect(text.length).toBeGreaterThan(700)
    expect(text.endsWith('\n')).toBe(true)
    for (const line of text.trimEnd().split('\n')) trainerEvent.parse(JSON.parse(line))
  })

  it('tells once that nobody reads any more, and goes on', () => {
    const { status, stdout, stderr } = shell(`${emitting} | head -n 1; exit "$PIPESTATUS"`)
    expect(status, stderr).toBe(75)
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(stderr).toBe('gone\n')
  })
})

const emitterModule = join(process.cwd(), 'services/trainer/dist/events/emitter.js')
/** A program that emits 10,000 events and then ends with 75; it says when its reader has gone. */
const emitting = `"${process.execPath}" --input-type=module -e '
  import { createEmitter } from "${emitterModule}"
  const emitter = createEmitter({ fd: 1, disk: { host: "here", folder: "/work" }, now: () => 0, onReaderGone: () => console.error("gone") })
  try {
    for (let i = 0; i < 10000; i++) emitter.emit({ type: "log", level: "info", message: "line " + i })
  } catch (error) {
    console.error(error.code)
    process.exit(1)
  }
  process.exit(75)'`

function shell(command: string) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('toFailure', () => {
  it.each([
    [Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }), 'DISK_FULL'],
    [new RangeError('Array buffer allocation failed'), 'OUT_OF_MEMORY'],
    [
      new Error('Session fail to run with error: OOM when allocating tensor with shape[4096,64,64,16]'),
      'OUT_OF_MEMORY',
    ],
    [new Error('something else'), 'INTERNAL'],
    ['a string', 'INTERNAL'],
  ])('%s is %s', (thrown, code) => expect(toFailure(thrown, disk).code).toBe(code))

  it('names the machine whose disk is full', () => {
    expect(
      toFailure(Object.assign(new Error('EDQUOT: quota exceeded, write'), { code: 'EDQUOT' }), disk).message,
    ).toContain('/srv/work on the machine node-7')
  })
})
