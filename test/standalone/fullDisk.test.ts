import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@imclr/sdk'
import { expect, it, vi } from 'vitest'
import { makeFolder } from '../support/parts.js'
import { builtStandalone, protocolTrainer, spawnService } from '../support/spawnService.js'

/** Fills a file until the disk is full. The service writes too, so the space may be gone earlier. */
function fillUp(path: string, bytes: number): void {
  try {
    writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

// Only root may mount a small file system, and not everywhere.
it('the service answers uploads and writes with DISK_FULL on a full disk, and works again once there is space', async ({
  skip,
}) => {
  const folder = makeFolder('full-disk')
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk]).status !== 0)
    skip('mounting is not allowed here')
  const free = () => {
    const { bavail, bsize } = statfsSync(disk)
    return bavail * bsize
  }
  const service = spawnService(builtStandalone, ['--data-dir', join(disk, 'data'), '--port', '0'], {
    IMCLR_TRAINER: protocolTrainer,
    XDG_STATE_HOME: join(folder, 'state'),
    LOG_LEVEL: 'warn',
  })
  try {
    await service.says('imclr is ready at ')
    const { url, keyFile } = JSON.parse(readFileSync(join(disk, 'data', 'service.json'), 'utf8')) as {
      url: string
      keyFile: string
    }
    const sdk = createClient({ url, apiKey: readFileSync(keyFile, 'utf8').trim() })
    const dataset = await sdk.datasets.upload(Buffer.from('small'), { name: 'small' })

    const filler = join(disk, 'filler')
    writeFileSync(filler, Buffer.alloc(free() - 4 * 2 ** 20))
    await expect(sdk.datasets.upload(new Uint8Array(40 * 2 ** 20), { name: 'large' })).rejects.toMatchObject({
      name: 'ServiceError',
      code: 'DISK_FULL',
      status: 507,
      message: expect.stringContaining(`${join(disk, 'data', 'objects')} on the machine ${hostname()}`) as string,
      hint: expect.stringContaining('Free disk space on the machine named in the message') as string,
    })
    expect(readdirSync(join(disk, 'data', 'objects', 'aside'))).toEqual([])

    // Fills the disk before each record: the service frees the space of the refused upload some time later.
    const filling = async () => {
      for (let i = 0; i < 1000; i++) {
        fillUp(filler, free())
        await sdk.api.key.create({ name: `key ${i} ${'x'.repeat(80)}` })
      }
    }
    await expect(filling()).rejects.toMatchObject({
      name: 'ServiceError',
      code: 'DISK_FULL',
      message: `There is no space left for the database, ${join(disk, 'data', 'pg')} on the machine ${hostname()}`,
    })
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
      status: 'not ready',
      parts: { store: 'DISK_FULL' },
    })

    rmSync(filler)
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200)
    expect(await (await sdk.train(dataset, { epochs: 1, network: 'resnet8' })).result()).toMatchObject({
      versionId: dataset.versionId,
    })
  } finally {
    await service[Symbol.asyncDispose]()
    execFileSync('umount', [disk])
    rmSync(folder, { recursive: true })
  }
}, 180_000)

it('the SDK names its own machine where the disk there is full, and leaves no file', async ({ skip }) => {
  const folder = makeFolder('full-tmp')
  const [disk, pictures] = [join(folder, 'disk'), join(folder, 'pictures')]
  for (const path of [disk, pictures]) mkdirSync(path)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0)
    skip('mounting is not allowed here')
  try {
    writeFileSync(join(pictures, 'large.png'), Buffer.alloc(8 * 2 ** 20))
    vi.stubEnv('TMPDIR', disk)
    const failure = await createClient({ url: 'http://127.0.0.1:1', apiKey: 'unused' })
      .datasets.upload(pictures)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'ServiceError',
      code: 'DISK_FULL',
      message: expect.stringContaining(`on this machine, ${hostname()}, is full`) as string,
      hint: expect.stringContaining('set TMPDIR') as string,
    })
    expect(readdirSync(disk)).toEqual([])
  } finally {
    vi.unstubAllEnvs()
    execFileSync('umount', [disk])
    rmSync(folder, { recursive: true, force: true })
  }
})
