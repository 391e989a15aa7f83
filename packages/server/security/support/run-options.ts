/** Of how many requests each operation gets. */
export const runs = Number(process.env.ORDINAUT_SECURITY_RUNS ?? 300);

/** The same for every run, unless somebody asks for another. */
export const seed = Number(process.env.ORDINAUT_SECURITY_SEED ?? 20_260_301);
