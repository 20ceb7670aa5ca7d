/** How deep a verification looks: quick reads the catalog only, standard counts rows and reads timestamps too. */
export const depths = ['quick', 'standard'] as const
export type Depth = (typeof depths)[number]
