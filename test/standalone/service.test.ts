import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@imclr/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../support/parts.js'
import { builtStandalone, protocolTrainer, spawnService, type ServiceProcess } from '../support/spawnService.js'

/** The service on one machine as a person meets it: what it prints, its files, and how it ends. */
const folder = makeFolder('standalone')
const dataDir = join(folder, 'data')
const state = join(folder, 'state')
const start = (...args: string[]): ServiceProcess =>
  spawnService(builtStandalone, args, { IMCLR_TRAINER: protocolTrainer, XDG_STATE_HOME: state, LOG_LEVEL: 'warn' })
const note = (path = join(dataDir, 'service.json')): { url: string; keyFile: string; pid: number } =>
  JSON.parse(readFileSync(path, 'utf8')) as never
const permissions = (path: string): string => (statSync(path).mode & 0o777).toString(8)

const ready = 'imclr is ready at '

describe('the service on one machine', () => {
  let service: ServiceProcess
  beforeAll(async () => {
    service = start('--data-dir', dataDir, '--port', '0')
    await service.says(ready)
  }, 90_000)
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it('prints its address and where the key and the data are', () => {
    const { url, keyFile, pid } = note()
    expect(service.output()).toContain(`imclr is ready at ${url}`)
    expect(service.output()).toContain(keyFile)
    expect(service.output()).toContain(dataDir)
    expect(pid).toBe(service.pid)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('makes its secrets readable by its user alone', () => {
    expect(
      [join(dataDir, 'api-key'), join(dataDir, 'signing-key'), join(dataDir, 'service.json')].map(permissions),
    ).toEqual(['600', '600', '600'])
    expect([dataDir, join(dataDir, 'pg'), join(dataDir, 'work')].map(permissions)).toEqual(['700', '700', '700'])
  })

  it('leaves a note where clients look, which leads to the service and its key', async () => {
    const { url, keyFile } = note(join(state, 'imclr', 'services', `${service.pid}.json`))
    const info = await createClient({ url, apiKey: readFileSync(keyFile, 'utf8').trim() }).api.system.info()
    expect(info).toBeTypeOf('object')
  })

  it('is found by a client that has no address; several services are listed instead', async () => {
    // A process of its own: a client reads the environment once.
    const ask = (url = '') =>
      spawnSync(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `import { createClient } from '@imclr/sdk'
      const told = await createClient({ retries: 0 }).api.project.current().then(({ name }) => name, ({ code, message }) => code + ' ' + message)
      process.stdout.write(told)`,
        ],
        {
          cwd: fileURLToPath(new URL('../..', import.meta.url)),
          encoding: 'utf8',
          env: { ...process.env, XDG_STATE_HOME: state, IMCLR_URL: url, IMCLR_API_KEY: '' },
        },
      ).stdout
    // Left by one that was killed
    writeFileSync(join(state, 'imclr', 'services', '999999999.json'), JSON.stringify({ ...note(), pid: 999_999_999 }))
    expect(ask()).toBe('default')
    const other = join(folder, 'second')
    const second = start('--data-dir', other, '--port', '0')
    await second.says(ready)
    const { url } = note(join(other, 'service.json'))
    expect(readdirSync(join(state, 'imclr', 'services')).sort()).toEqual(
      [`${service.pid}.json`, `${second.pid}.json`].sort(),
    )
    const told = ask()
    for (const words of ['SEVERAL_SERVICES 2 imclr services', note().url, url, dataDir, other])
      expect(told).toContain(words)
    expect(ask(url)).toBe('default')
    expect(await second.end('SIGINT')).toBe(0)
    expect(ask()).toBe('default')
  }, 90_000)

  it('answers on its health and metrics routes', async () => {
    const { url } = note()
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics/scheduler`)).text()).toMatch(/^imclr_scheduler_slots 1$/m)
  })

  it('refuses to start a second time in the same folder, and names the first process', async () => {
    await using second = start('--data-dir', dataDir, '--port', '0')
    expect(await second.end()).toBe(1)
    expect(second.output()).toMatch(new RegExp(`is in use by process ${service.pid} .*choose another data folder`))
  })

  it('says what to do where the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    await using second = start('--data-dir', join(folder, 'other'), '--port', String(port))
    expect(await second.end()).toBe(1)
    expect(second.output()).toContain(`port ${port} on 127.0.0.1 is taken`)
    expect(second.output()).toContain('--port 0')
    expect(existsSync(join(folder, 'other', 'pg'))).toBe(false)
    taken.close()
  })

  it.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'many'], 'PORT'],
    [['--port', '99999'], 'PORT'],
    [['--host', '203.0.113.9', '--data-dir', join(folder, 'elsewhere')], '--host'],
  ])('names what is wrong with %j', async (args, words) => {
    await using refused = start(...args)
    expect(await refused.end()).toBe(1)
    expect(refused.output()).toContain(words)
    expect(refused.output()).not.toContain('    at ')
  })

  it('prints its options', async () => {
    await using helpful = start('--help')
    expect(await helpful.end()).toBe(0)
    for (const option of ['--data-dir', '--port', '--host', '--help']) expect(helpful.output()).toContain(option)
  })

  it('closes on SIGINT, removes its notes, and starts again with the same key', async () => {
    const key = readFileSync(join(dataDir, 'api-key'), 'utf8')
    expect(await service.end('SIGINT')).toBe(0)
    expect(existsSync(join(dataDir, 'service.json'))).toBe(false)
    expect(readdirSync(join(state, 'imclr', 'services'))).toEqual([])
    service = start('--data-dir', dataDir, '--port', '0')
    await service.says(ready)
    expect(readFileSync(join(dataDir, 'api-key'), 'utf8')).toBe(key)
    expect(await createClient({ url: note().url, apiKey: key.trim() }).api.project.current()).toMatchObject({
      name: 'default',
    })
  }, 90_000)
})
