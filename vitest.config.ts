import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  // Node gets these as well; with 'import' among them it would hand ES modules to packages that call require.
  ssr: { resolve: { conditions: ['source', 'node'], externalConditions: ['source', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closingLine.ts', './test/support/quietEngine.ts'],
    pool: 'forks',
    // Two cores: more workers only make each other slow.
    maxWorkers: 2,
    // A probe of the machine takes both cores for seconds; the tests that are about it turn it on.
    env: { IMCLR_PROBE: 'off' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
