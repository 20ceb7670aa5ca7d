// By itself, so that the command line can listen before it loads a driver.

import { EventEmitter } from 'node:events'

/**
 * Announces what people should know about a connection, with what to do about it; may say the same more than once. The
 * command line tells it on stderr. It never changes a verdict.
 */
export const connectionWarnings = new EventEmitter<{ warning: [message: string, hint: string] }>()
