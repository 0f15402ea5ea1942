import { z } from 'zod'

/**
 * What the environment of a trainer's process must say before it starts, since the C library reads it only then; whoever
 * launches a trainer sets it, and what a user has set goes first. A training step frees and asks for the same tens of
 * megabytes again and again: keeping them (no mmap, no trim), in huge pages and one arena, spares the page faults, which
 * makes a ResNet-20 step 5 to 6 % faster for 3 % more memory. Libraries other than glibc 2.35 and later ignore it.
 */
export const trainerProcessEnvironment = {
  GLIBC_TUNABLES: [
    'glibc.malloc.hugetlb=1',
    'glibc.malloc.mmap_threshold=1073741824',
    'glibc.malloc.trim_threshold=8589934592',
    'glibc.malloc.top_pad=268435456',
    'glibc.malloc.arena_max=1',
  ].join(':'),
}

const unset = z.literal('')

/** What a user may set for trainers: the scheduler checks it at its start and hands it on, the trainer reads it. */
export const trainerVariables = {
  IMCLR_BATCH_WORKERS: z
    .union([unset.transform(() => 'auto' as const), z.literal('auto'), z.coerce.number().int().min(0).max(64)])
    .default('auto'), // threads that make batches ahead of the training
  IMCLR_THREADS: z.union([unset.transform(() => null), z.coerce.number().int().min(1).max(1024)]).default(null), // of the training; null: one per core
}
