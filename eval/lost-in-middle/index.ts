/** Whether a chat model finds a fact wherever it stands in a long context. */
export {
  KEY_PLACES,
  type KeyPlace,
  type LostInMiddleInput,
  type LostInMiddleResult,
  measureLostInMiddle,
  type PlaceAccuracy,
} from './measure-places.ts';
