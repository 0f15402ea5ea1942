/** How every procedure is made: who may call it, and what its failures look like on the wire. */
import { Failure, failures, type Scope, type WireError } from '@imclr/contract'
import { initTRPC, TRPCError } from '@trpc/server'
import type { z } from 'zod'
import type { Call, Context } from './context.js'
import { failureOf, onWire } from './failureOnWire.js'

export interface Meta {
  scope?: Scope
  /** Of a procedure that streams: what it yields. (The others have an output schema.) */
  yields?: z.ZodType
}

const trpc = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    // A space on quiet streams, so that no proxy takes them for dead.
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
  // Gives a failure its status; without, tRPC takes everything thrown for a fault of ours.
  .use(async ({ ctx, next }) => {
    const result = await next()
    if (result.ok) return result
    const failure = failureOf(result.error, ctx.database.place)
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

/** Procedures by the scope that they need. */
export const reading = procedure.meta({ scope: 'read' })
export const writing = procedure.meta({ scope: 'write' })
export const keeping = procedure.meta({ scope: 'keys' })
export const governing = procedure.meta({ scope: 'instance' })

/** A verb as a procedure's resolver. */
export const by =
  <Input, Output>(verb: (call: Call, input: Input) => Output) =>
  ({ ctx, input }: { ctx: Call; input: Input }): Output =>
    verb(ctx, input)
