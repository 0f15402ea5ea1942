import { runCommand } from './command.mjs'
import { SetUpProblem } from './problem.mjs'

const candidates = ['python3', 'python', ...[14, 13, 12, 11, 10, 9].map((minor) => `python3.${minor}`)]

/**
 * The first Python 3 that has pip. `IMCLR_PYTHON` names one.
 * @returns {Promise<{ program: string, version: string, pip: string }>}
 */
export async function findPython(env = process.env) {
  let seen = null
  for (const program of env.IMCLR_PYTHON ? [env.IMCLR_PYTHON] : candidates) {
    const version = (await runCommand(program, ['--version'], { env })).out.trim().replace('Python ', '')
    if (!version.startsWith('3.')) continue
    const pip = await runCommand(program, ['-m', 'pip', '--version'], { env })
    if (pip.code === 0) return { program, version, pip: pip.out.split(' ')[1] ?? '' }
    seen ??= { program, version }
  }
  if (!seen) {
    throw new SetUpProblem(
      'no-python',
      env.IMCLR_PYTHON
        ? `IMCLR_PYTHON=${env.IMCLR_PYTHON} is no Python 3`
        : 'there is no Python 3 on the PATH (its pip fetches TensorFlow)',
      [
        'Debian, Ubuntu: sudo apt-get install -y python3 python3-pip',
        'Fedora, RHEL: sudo dnf install -y python3 python3-pip',
        'Alpine: apk add python3 py3-pip',
        'elsewhere: name one with IMCLR_PYTHON=/path/to/python3',
      ],
    )
  }
  throw new SetUpProblem('no-pip', `${seen.program} ${seen.version} has no pip (it fetches TensorFlow)`, [
    'Debian, Ubuntu: sudo apt-get install -y python3-pip',
    'Fedora, RHEL: sudo dnf install -y python3-pip',
    'Alpine: apk add py3-pip',
    'elsewhere: python3 -m ensurepip --user',
  ])
}
