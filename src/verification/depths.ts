/**
 * How deep a verification looks: quick reads the catalog only, standard counts rows and reads timestamps too, full also
 * reads every page of tables and indexes.
 */
export const depths = ['quick', 'standard', 'full'] as const
export type Depth = (typeof depths)[number]
