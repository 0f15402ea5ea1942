/** What the SDK throws. Every error has a stable `code`; classes group them by what a program can do about them. */

import type { Note } from './generated/api.js'

/** One thing that is wrong: where, what, and how to mend it. */
export interface ErrorIssue {
  path: string
  code: string
  message: string
  fix?: string
}

export interface ErrorFields {
  code: string
  message: string
  hint: string
  /** HTTP status; 0 where no answer came. */
  status: number
  /** Whether the same call may succeed later. The SDK has tried again already. */
  retryable: boolean
  /** Names the request in the service's log. */
  requestId: string | null
  issues: ErrorIssue[]
}

export class ImclrError extends Error {
  readonly code: string
  readonly hint: string
  readonly status: number
  readonly retryable: boolean
  readonly requestId: string | null
  readonly issues: ErrorIssue[]

  constructor(fields: ErrorFields, options?: ErrorOptions) {
    super(fields.message, options)
    this.name = new.target.name
    this.code = fields.code
    this.hint = fields.hint
    this.status = fields.status
    this.retryable = fields.retryable
    this.requestId = fields.requestId
    this.issues = fields.issues
  }
}

/** What was sent is wrong; `issues` says where. */
export class BadInputError extends ImclrError {}
/** No API key, or one that is unknown, expired or revoked. */
export class AuthenticationError extends ImclrError {}
/** The API key lacks a scope. */
export class PermissionError extends ImclrError {}
/** Nothing of that id in this key's project. */
export class NotFoundError extends ImclrError {}
/** The thing is in a state, or in a use, that forbids this. */
export class ConflictError extends ImclrError {}
/** Too many requests. */
export class RateLimitError extends ImclrError {}
/** The service failed or is not ready. */
export class ServiceError extends ImclrError {}
/** The service could not be reached, or the connection broke, after all retries. */
export class ConnectionError extends ImclrError {}
/** What arrived differs from what was announced: a file of a model, an answer of a model on its golden inputs. */
export class IntegrityError extends ImclrError {}

/** A job that did not succeed. `modelId` names what was kept, if anything. */
export class JobError extends ImclrError {
  readonly jobId: string
  readonly modelId: string | null
  constructor(fields: ErrorFields & { jobId: string; modelId: string | null }, options?: ErrorOptions) {
    super(fields, options)
    this.jobId = fields.jobId
    this.modelId = fields.modelId
  }
}
/** The data set was refused; `issues` lists every file with its problem and fix. */
export class PrepareFailedError extends JobError {
  /** What had been ignored, renamed, merged or taken for something when it was refused: where a cause may lie. */
  notes: Note[] = []
}
export class TrainingFailedError extends JobError {}
export class EvaluationFailedError extends JobError {}
export class TrainingCanceledError extends JobError {}
export class TrainingTimedOutError extends JobError {}
/** The wait was too long for the caller; the job goes on. */
export class WaitTimeoutError extends JobError {}

/** The class for an answer of the service that is not a success. */
export function errorOfAnswer(fields: ErrorFields, options?: ErrorOptions): ImclrError {
  switch (fields.status) {
    case 0:
      return new ConnectionError(fields, options)
    case 401:
      return new AuthenticationError(fields, options)
    case 403:
      return new PermissionError(fields, options)
    case 404:
      return new NotFoundError(fields, options)
    case 409:
    case 410:
      return new ConflictError(fields, options)
    case 429:
      return new RateLimitError(fields, options)
    default:
      return fields.status >= 500 ? new ServiceError(fields, options) : new BadInputError(fields, options)
  }
}

/** Fields of an error that arises on this side. */
export const localError = (code: string, message: string, hint: string): ErrorFields => ({
  code,
  message,
  hint,
  status: 0,
  retryable: false,
  requestId: null,
  issues: [],
})
