import type { SectionFile, SectionWriter } from '@rank-rank/storage';

/** Writes all sections of a file into another. */
export async function copySections(from: SectionFile, to: SectionWriter): Promise<void> {
  for (const { name, type } of from.sections) {
    if (type === 'json') await to.writeJson(name, from.json(name));
    else if (type === 'text') await to.writeText(name, from.text(name));
    else await to.write(name, from[type](name), type);
  }
}
