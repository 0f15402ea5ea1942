import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { findJob, listEvents, lockFolder, openDatabase } from '@imclr/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

type Child = ChildProcessByStdio<null, Readable, null>
const start = (what: string, where: string): Child =>
  spawn(process.execPath, [fileURLToPath(new URL('child.mjs', import.meta.url)), what, where], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })

/** All that it says until it ends, or until `enough`. */
async function said(child: Child, enough: (text: string) => boolean = () => false): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (enough(text)) break
  }
  return text
}

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imclr-pglite-'))
})
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

describe('PGlite in a folder', () => {
  it('lets one process in at a time, and the next as soon as the first is killed', async () => {
    const pgliteDir = join(root, 'one')
    let began = Date.now()
    const holder = start('hold', pgliteDir)
    await said(holder, (text) => text.includes('open'))
    const first = Date.now() - began
    expect(await said(start('open', pgliteDir))).toMatch(new RegExp(`^CONFLICT .*process ${holder.pid} `))
    await expect(openDatabase({ pgliteDir })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(holder.pid)) as string,
    })
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    began = Date.now()
    const database = await openDatabase({ pgliteDir })
    process.stdout.write(`PGlite: first start of a process ${first} ms, opening again ${Date.now() - began} ms\n`)
    await expect(openDatabase({ pgliteDir })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(process.pid)) as string,
    })
    await database.close()
    await database.close()
    expect(readdirSync(root).filter((name) => name.includes('.lock'))).toEqual([])
    expect(await said(start('open', pgliteDir))).toBe('open\n')
  })

  it('keeps every event that was acknowledged before kill -9', async () => {
    const pgliteDir = join(root, 'durable')
    const child = start('write', pgliteDir)
    const text = await said(child, (so) => so.split('\n').length > 40)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const promised = Number(text.trim().split('\n').at(-1))
    const database = await openDatabase({ pgliteDir })
    const events = await listEvents(database.queries, { jobId: 'job_durable001', after: 0, limit: 10_000 })
    const row = await findJob(database.queries, { projectId: 'prj_durable001', jobId: 'job_durable001' })
    await database.close()
    expect(events.map(({ number }) => number)).toEqual(events.map((_, i) => i + 1)) // no gaps
    const lines = events.flatMap(({ event }) => (event.type === 'log' ? [event.message] : []))
    expect(lines.length).toBeGreaterThanOrEqual(promised)
    expect(lines).toEqual(lines.map((_, i) => `line ${i + 1}`))
    // Stored together or not at all
    expect([row?.lastEvent, row?.eventsPosition]).toEqual([events.length, lines.length])
  })
})

describe('the lock of a folder', () => {
  const lockOf = (folder: string, holder: object) => {
    writeFileSync(`${folder}.lock`, JSON.stringify(holder))
  }

  it('is taken over from a process that is gone, also where another process has its number now', async () => {
    const folder = join(root, 'gone')
    lockOf(folder, { host: hostname(), pid: 4_000_000, started: 'boot:1', token: 'ab' })
    await (
      await lockFolder(folder)
    )()
    lockOf(folder, { host: hostname(), pid: process.pid, started: 'boot:1', token: 'ab' })
    await (
      await lockFolder(folder)
    )()
    expect(existsSync(`${folder}.lock`)).toBe(false)
  })

  it('is taken over from another machine only after 30 s without a sign of life', async () => {
    const folder = join(root, 'shared')
    lockOf(folder, { host: 'elsewhere', pid: 1, started: 'boot:1', token: 'ab' })
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'CONFLICT' })
    const old = Date.now() / 1000 - 31
    utimesSync(`${folder}.lock`, old, old)
    await (
      await lockFolder(folder)
    )()
  })

  it('goes to one of many processes that find a dead holder at the same time', async () => {
    const folder = join(root, 'raced')
    // Many rounds: a race is lost by a few microseconds, now and then.
    for (let round = 0; round < 100; round++) {
      lockOf(folder, { host: hostname(), pid: 4_000_000, started: 'boot:1', token: 'ab' })
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)))
      const won = tries.filter((one) => one.status === 'fulfilled')
      expect(won.length).toBe(1)
      for (const one of tries) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'CONFLICT' })
      await won[0]?.value()
      expect(readdirSync(root).filter((name) => name.startsWith('raced'))).toEqual([])
    }
  })

  it('is taken over where the process that was taking it over has died, too', async () => {
    const folder = join(root, 'orphaned')
    const gone = { host: hostname(), pid: 4_000_000, started: 'boot:1', token: 'ab' }
    lockOf(folder, gone)
    lockOf(`${folder}.lock`, { ...gone, token: 'cd' })
    await (
      await lockFolder(folder)
    )()
    expect(readdirSync(root).filter((name) => name.startsWith('orphaned'))).toEqual([])
  })

  it('leaves a file alone that is no lock file of this service', async () => {
    const folder = join(root, 'foreign')
    writeFileSync(`${folder}.lock`, 'something')
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
