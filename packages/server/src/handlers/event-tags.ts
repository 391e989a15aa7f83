import { type FieldIssue, Tags } from '@ordinaut/contract';
import { lazyCheck } from '../kernel/schema.ts';

const checkTags = lazyCheck(Tags);

/** The tags of a query: joined by commas, given several times, or both; without repetitions. */
export const splitTags = (given: string | readonly string[] | undefined): string[] => {
  const texts = given === undefined ? [] : [given].flat();
  const tags = texts.flatMap((text) => text.split(',')).map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ''))];
};

/** What is wrong with tags, by field. */
export function tagIssues(tags: readonly string[], field: string): FieldIssue[] {
  const issues = checkTags(tags).map(({ field: at, issue }) => ({ field: `${field}${at}`, issue }));
  for (const [index, tag] of tags.entries()) {
    if (tag.includes('\u0000')) issues.push({ field: `${field}[${index}]`, issue: nul });
    if (tag.includes(',')) {
      const issue = `is ${JSON.stringify(tag.slice(0, 80))}; commas stand between tags, so none can have one`;
      issues.push({ field: `${field}[${index}]`, issue });
    }
  }
  return issues;
}

export const nul = 'has the character U+0000; leave it out';
