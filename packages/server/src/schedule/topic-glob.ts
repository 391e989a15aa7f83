export { compileTopicGlob } from '../kernel/topic-glob.ts';
