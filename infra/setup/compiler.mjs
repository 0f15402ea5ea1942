import { runCommand } from './command.mjs'
import { SetUpProblem } from './problem.mjs'

/** @returns {Promise<{ program: string, version: string }>} a C++17 compiler: CXX, or the first of the usual names */
export async function findCompiler(env = process.env) {
  for (const program of env.CXX ? [env.CXX] : ['g++', 'c++', 'clang++']) {
    const { code, out } = await runCommand(program, ['--version'], { env })
    if (code === 0) return { program, version: out.split('\n')[0]?.trim() ?? '' }
  }
  throw new SetUpProblem(
    'no-compiler',
    env.CXX ? `CXX=${env.CXX} does not run` : 'there is no C++ compiler on the PATH (the addon is compiled once)',
    [
      'Debian, Ubuntu: sudo apt-get install -y g++',
      'Fedora, RHEL: sudo dnf install -y gcc-c++',
      'Alpine: apk add g++',
      'macOS: xcode-select --install',
      'elsewhere: name one with CXX=/path/to/g++',
    ],
  )
}
