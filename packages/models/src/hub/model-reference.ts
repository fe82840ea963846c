import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { checkString, RankError } from '@rank-rank/core';

/** A model of the hub: `owner/name`, and which state of it. */
export interface ModelReference {
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** A folder here, or a model of the hub: `owner/name` or `owner/name@revision`. What is a folder is never asked of a hub. */
export function parseReference(model: string): { readonly folder: string } | ModelReference {
  const text = checkString('model', model).trim();
  const place = text.startsWith('~/') ? join(homedir(), text.slice(2)) : text;
  if (isAbsolute(place) || /^\.{1,2}([/\\]|$)/.test(place) || existsSync(place)) return { folder: place };
  const at = text.lastIndexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? 'main' : text.slice(at + 1);
  if (!/^([\w-][\w.-]*\/)?[\w-][\w.-]*$/.test(name) || name.includes('..') || name.length > 96) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(model)} is neither a folder here nor the name of a model; expected a path, owner/name or owner/name@revision.`,
      { model },
    );
  }
  if (!/^[\w.][\w./-]*$/.test(revision) || revision.includes('..')) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(model)}: ${JSON.stringify(revision)} is no revision; expected a branch, a tag or a commit.`,
      { model },
    );
  }
  return { name, revision };
}
