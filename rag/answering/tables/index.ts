/** Answers from tables: the cell that a question names, and the course of a series. */
export { answerFromTables, type TableAnswer } from './answer-from-tables.ts';
