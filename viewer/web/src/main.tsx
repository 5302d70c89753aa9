import { createEngine } from "./engine/index";
import { startPlaces } from "./ui/place";
import { startPage } from "./ui/start";

startPlaces(); // first: a password must not stay in the address
void startPage(createEngine());
