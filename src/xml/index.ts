export {
  attributeOf,
  elementsOf,
  readXml,
  type ReadXmlOptions,
  type XmlAttribute,
  type XmlElement,
} from "./read-xml.js";
export { XmlError } from "./xml-error.js";
