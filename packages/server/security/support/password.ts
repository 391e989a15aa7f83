/** Of every user that is made here. */
export const PASSWORD = 'correct horse battery';
