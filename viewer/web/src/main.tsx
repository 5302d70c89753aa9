import { createEngine } from "./engine/index";
import { startPlaces } from "./ui/place";
import { startPage } from "./ui/start";
import { startTrustedTypes } from "./ui/trusted";

const arrival = startPlaces(); // first: a password must not stay in the address
startTrustedTypes();
void startPage(createEngine(), arrival);
