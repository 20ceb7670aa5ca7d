import type { Depth } from '../database/contract.ts'

/**
 * How deep a verification looks: quick reads the catalog only, standard counts rows and reads timestamps too, full also
 * reads every page of tables and indexes.
 */
export const depths: readonly Depth[] = ['quick', 'standard', 'full']
