/**
 * What the engine is made of: one TensorFlow release, its wheels by platform, each with its sha256.
 * A wheel serves every Python, because only its libraries and headers are used.
 */
import { SetUpProblem } from './problem.mjs'

export const tensorflowVersion = '2.21.0'

const x64 = [
  'manylinux_2_27_x86_64',
  'manylinux2014_x86_64',
  'manylinux_2_17_x86_64',
  'manylinux2010_x86_64',
  'manylinux_2_12_x86_64',
]

/** @typedef {{ name: string, version: string, sha256: string, bytes?: number }} Wheel */

const cpuLinuxX64 = {
  variant: 'cpu',
  platforms: ['manylinux_2_27_x86_64'],
  wheels: [
    {
      name: 'tensorflow-cpu',
      version: tensorflowVersion,
      sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
      bytes: 274_000_871,
    },
  ],
}

/** CUDA 12 as TensorFlow's own extra `and-cuda` asks for it; resolved once, pinned here. */
const gpuLinuxX64 = {
  variant: 'gpu',
  platforms: x64,
  wheels: [
    {
      name: 'tensorflow',
      version: tensorflowVersion,
      sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
      bytes: 572_000_000,
    },
    {
      name: 'nvidia-cublas-cu12',
      version: '12.9.3.13',
      sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    },
    {
      name: 'nvidia-cuda-cupti-cu12',
      version: '12.8.90',
      sha256: 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
    },
    {
      name: 'nvidia-cuda-nvcc-cu12',
      version: '12.9.86',
      sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    },
    {
      name: 'nvidia-cuda-nvrtc-cu12',
      version: '12.9.86',
      sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    },
    {
      name: 'nvidia-cuda-runtime-cu12',
      version: '12.9.79',
      sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    },
    {
      name: 'nvidia-cudnn-cu12',
      version: '9.28.0.42',
      sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    },
    {
      name: 'nvidia-cufft-cu12',
      version: '11.4.1.4',
      sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    },
    {
      name: 'nvidia-curand-cu12',
      version: '10.3.10.19',
      sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    },
    {
      name: 'nvidia-cusolver-cu12',
      version: '11.7.5.82',
      sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    },
    {
      name: 'nvidia-cusparse-cu12',
      version: '12.5.10.65',
      sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    },
    {
      name: 'nvidia-nccl-cu12',
      version: '2.32.3',
      sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    },
    {
      name: 'nvidia-nvjitlink-cu12',
      version: '12.9.86',
      sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    },
  ],
}

const cpuLinuxArm64 = {
  variant: 'cpu',
  platforms: ['manylinux_2_27_aarch64'],
  wheels: [
    {
      name: 'tensorflow',
      version: tensorflowVersion,
      sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
    },
  ],
}

const cpuMacArm64 = {
  variant: 'cpu',
  platforms: ['macosx_12_0_arm64'],
  wheels: [
    {
      name: 'tensorflow',
      version: tensorflowVersion,
      sha256: '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
    },
  ],
}

/**
 * @param {{ platform: string, arch: string, gpu: boolean }} machine
 * @returns {{ variant: string, platforms: string[], wheels: Wheel[], untested?: string }}
 */
export function pinFor({ platform, arch, gpu }) {
  const machine = `${platform}-${arch}`
  if (machine === 'linux-x64') {
    return gpu
      ? {
          ...gpuLinuxX64,
          untested: 'the CUDA wheels are installed like the tested ones, but nobody has run them on a GPU yet',
        }
      : cpuLinuxX64
  }
  if (machine === 'linux-arm64')
    return {
      ...cpuLinuxArm64,
      untested: 'Linux on arm64 is set up like the tested platform, but nobody has run it yet',
    }
  if (machine === 'darwin-arm64')
    return { ...cpuMacArm64, untested: 'macOS on arm64 is set up like the tested platform, but nobody has run it yet' }
  throw new SetUpProblem('wrong-platform', `TensorFlow ${tensorflowVersion} has no wheel for ${machine}`, [
    'use Linux on x64 (tested), Linux on arm64 or macOS on arm64 (untested); on Windows use WSL 2',
  ])
}
