import { appRouter } from '@imclr/api'
import * as contract from '@imclr/contract'
import * as experiments from '@imclr/experiments'
import { z } from 'zod'
import type { SdkSources } from './printSdk.js'

/** The router's procedures, and every schema that contract and experiments export, by name. */
export function sdkSources(): SdkSources {
  const schemas = Object.fromEntries(
    Object.entries<unknown>({ ...contract, ...experiments }).filter((entry): entry is [string, z.ZodType] =>
      isWorthAName(entry[1]),
    ),
  )
  return {
    procedures: appRouter._def.procedures,
    schemas,
    documents: ['labelsFile', 'goldenFile', 'datasetManifest', 'artifactManifest', 'report', 'evaluationReport'],
    constants: { noteKinds: contract.noteKinds },
  }
}

/** Objects, unions of objects and enums keep their names. A string or a number gets none. */
const isWorthAName = (schema: unknown): boolean =>
  schema instanceof z.ZodObject || schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodEnum
