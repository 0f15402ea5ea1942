/** How every procedure is made: which scope it needs, and what its failures look like on the wire. */
import { Failure, failures, type Scope, type WireError } from '@imclr/contract'
import { initTRPC, TRPCError } from '@trpc/server'
import type { z } from 'zod'
import type { Call, Context } from './context.js'
import { failureOf, onWire } from './failureOnWire.js'

export interface Meta {
  scope?: Scope
  /** What a procedure yields that streams; the others have an output schema. */
  yields?: z.ZodType
}

const trpc = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    // A space now and then on a quiet stream, so that no proxy closes it.
    jsonl: { pingMs: 15_000 },
    errorFormatter: ({ shape, error, ctx }) => {
      const imclr: WireError = onWire(failureOf(error), ctx?.requestId ?? '')
      return {
        ...shape,
        message: imclr.message,
        data: { code: shape.data.code, httpStatus: imclr.status, path: shape.data.path, imclr },
      }
    },
  })

export const router = trpc.router

const procedure = trpc.procedure
  // Gives a failure its status. Without it, tRPC answers every failure with status 500.
  .use(async ({ ctx, next }) => {
    const result = await next()
    if (result.ok) return result
    const failure = failureOf(result.error, ctx.database.location)
    throw new TRPCError({ code: failures[failure.code].trpc, message: failure.message, cause: failure })
  })
  .use(async ({ ctx, meta, path, next }) => {
    const scope = meta?.scope
    if (scope === undefined) throw new Error(`procedure ${path} names no scope`)
    const caller = await ctx.authenticate()
    if (!caller.scopes.includes(scope))
      throw new Failure(
        'FORBIDDEN',
        `${path} needs an API key with the scope '${scope}'; this one has ${caller.scopes.map((held) => `'${held}'`).join(', ') || 'none'}`,
      )
    return next({ ctx: { ...ctx, caller, path } })
  })

/** Procedures by the scope that the API key needs. */
export const readProcedure = procedure.meta({ scope: 'read' })
export const writeProcedure = procedure.meta({ scope: 'write' })
export const keysProcedure = procedure.meta({ scope: 'keys' })
export const instanceProcedure = procedure.meta({ scope: 'instance' })

/** Makes a function of call and input the resolver of a procedure. */
export const resolve =
  <Input, Output>(verb: (call: Call, input: Input) => Output) =>
  ({ ctx, input }: { ctx: Call; input: Input }): Output =>
    verb(ctx, input)
