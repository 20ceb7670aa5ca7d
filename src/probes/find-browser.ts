import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const places = [
  '/usr/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * Looks for an installed Chrome or Chromium: CHROME_BIN, which alone counts when it is set, then PATH, then the usual
 * places. @returns the path of the program; undefined when there is none
 */
export function findBrowser(env: NodeJS.Dict<string> = process.env): string | undefined {
  const chosen = env['CHROME_BIN']
  if (chosen !== undefined && chosen !== '') return isAbsolute(chosen) && isProgram(chosen) ? chosen : undefined
  const directories = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const candidates = [...names.flatMap((name) => directories.map((directory) => join(directory, name))), ...places]
  return candidates.find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
