import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { experimentDefinition, presetNames, type ExperimentDefinition, type PresetName } from '@imclr/contract'
import { type ExperimentChoice } from '@imclr/experiments'
import { z } from 'zod'
import type { Chosen } from './options.js'

/**
 * Reads the experiment that the command line names: a preset, or a file that defines one (JSON, or the default export
 * of a module). Throws an Error that says what is wrong and where in the file.
 */
async function readDefinition(named: string): Promise<PresetName | ExperimentDefinition> {
  const preset = presetNames.find((name) => name === named)
  if (preset !== undefined) return preset
  if (!existsSync(named)) throw new Error(`${named} is neither a preset (${presetNames.join(', ')}) nor a file`)
  const content: unknown =
    extname(named) === '.json'
      ? JSON.parse(await readFile(named, 'utf8'))
      : ((await import(pathToFileURL(resolve(named)).href)) as { default: unknown }).default
  const parsed = experimentDefinition.safeParse(content)
  if (!parsed.success) throw new Error(`${named} does not define an experiment:\n${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** The experiment to request from the service or to read from stored runs; everything except the data. */
export async function readChoice({
  experiment,
  scale,
  seeds,
  budgets,
  epochs,
  computeMatched,
}: Chosen): Promise<ExperimentChoice> {
  return {
    experiment: await readDefinition(experiment),
    scale,
    computeMatched,
    ...(seeds && { seeds }),
    ...(budgets && { budgets }),
    ...(epochs !== null && { overrides: { epochs } }),
  }
}
