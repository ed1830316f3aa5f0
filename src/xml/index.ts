export {
  attributeOf,
  elementsOf,
  readXml,
  readXmlEvents,
  type ReadXmlOptions,
  type XmlAttribute,
  type XmlElement,
  type XmlEvent,
} from "./read-xml.js";
export { XmlError } from "./xml-error.js";
