import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DockerEngine } from './docker.js'
import { partPath } from './findPart.js'

/**
 * Puts the images that the project's Dockerfiles build on into an engine, under their own names: Debian, and Debian
 * with this machine's Node and npm. Packages come into their containers as they come to this machine.
 *
 * @returns arguments of `docker build` that name mirrors and proxies of this machine
 */
export async function baseImages({ docker, folder }: DockerEngine): Promise<string[]> {
  await docker('import', partPath('debianImage'), 'debian:bookworm-slim')

  const context = join(folder, 'node')
  const place = join(context, 'usr/local')
  mkdirSync(join(place, 'bin'), { recursive: true })
  cpSync(process.execPath, join(place, 'bin/node'), { dereference: true })
  cpSync(join(say('npm', 'root', '--global'), 'npm'), join(place, 'lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(place, 'bin/npm'))
  const authorities = process.env.NODE_EXTRA_CA_CERTS
  if (authorities && existsSync(authorities)) cpSync(authorities, join(place, 'share/authorities.crt'))
  const trust = '/usr/local/share/authorities.crt'
  const dockerfile = [
    'FROM debian:bookworm-slim',
    'COPY usr /usr',
    ...(authorities ? [`ENV NODE_EXTRA_CA_CERTS=${trust} PIP_CERT=${trust}`] : []),
  ]
  writeFileSync(join(context, 'Dockerfile'), dockerfile.join('\n'))
  await docker('build', '--quiet', '--tag', 'node:22-bookworm-slim', context)

  const mirrors = {
    NPM_CONFIG_REGISTRY: say('npm', 'config', 'get', 'registry'),
    PIP_INDEX_URL: process.env.PIP_INDEX_URL ?? say('python3', '-m', 'pip', 'config', 'get', 'global.index-url'),
  }
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].filter((name) => process.env[name])
  return [
    ...Object.entries(mirrors).flatMap(([name, value]) => (value ? [`${name}=${value}`] : [])),
    ...proxies,
  ].flatMap((argument) => ['--build-arg', argument])
}

/** What a program prints; empty where it fails. */
function say(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}
