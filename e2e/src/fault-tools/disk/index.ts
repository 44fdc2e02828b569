export { SmallDisk, type SmallDiskOptions } from "./small-disk.js";
