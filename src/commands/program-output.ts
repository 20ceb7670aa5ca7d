import pc from 'picocolors'

/** Where commands write: the result on stdout, everything for people on stderr. Tests put their own in. */
export interface ProgramOutput {
  stdout: (text: string) => void
  stderr: (text: string) => void
  /** Whether stdout, and whether stderr, may be coloured. */
  isColored: boolean
  isErrorColored: boolean
}

/** The process's own streams; colours only on a terminal, and never with NO_COLOR. */
export const processOutput: ProgramOutput = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isColored: process.stdout.isTTY === true && pc.isColorSupported,
  isErrorColored: process.stderr.isTTY === true && pc.isColorSupported,
}

/** Tells the program's exit code without ending it, so that output is flushed first. */
export type SetExitCode = (code: 0 | 1 | 2) => void
