//! Which columns a collection has, and how key and payload stand in them.

use crate::proto::{
    CollectionSchema, DataType, FieldData, FieldSchema, FieldValues, FloatArray, KeyValuePair, ScalarField, Scalars,
    StringArray, VectorField,
};
use orion_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

/// The column of the vector.
pub(crate) const VECTOR: &str = "embedding";

/// A vector that is kept, of unit length.
#[derive(Debug)]
pub(crate) struct Row<'r> {
    pub(crate) key: &'r str,
    pub(crate) vector: Vec<f32>,
    pub(crate) payload: &'r Value,
}

/// The columns of a collection beside identity and vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Layout {
    /// The column of the key, and its size in bytes.
    key: (&'static str, usize),
    payload: Payload,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Payload {
    /// Each of its keys in a column of its own.
    Columns(&'static [Column]),
    /// The whole of it as JSON, in a column of this size.
    Json(&'static str, usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Column {
    /// Text, cut to this size in bytes.
    Text(&'static str, usize),
    Number(&'static str),
}

impl Layout {
    /// The layout of a collection: the contract's (section 5.5) for those that it names, also where the name of an
    /// embedding model follows.
    pub(crate) fn of(collection: &str) -> Self {
        const HOOKS: &[Column] = &[Column::Text("hook_text", 2048), Column::Number("engagement_score")];
        const SCRIPTS: &[Column] = &[Column::Text("script_text", 8192), Column::Text("created_at", 64)];
        let named =
            |name: &str| collection.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        if named("hook_embeddings") {
            Self { key: ("content_id", 64), payload: Payload::Columns(HOOKS) }
        } else if named("content_embeddings") {
            Self { key: ("content_id", 64), payload: Payload::Columns(SCRIPTS) }
        } else {
            Self { key: ("item_key", 512), payload: Payload::Json("payload", 65_535) }
        }
    }

    /// The schema of a new collection.
    pub(crate) fn schema(&self, name: &str, dimension: usize) -> CollectionSchema {
        let parameter = |key: &str, value: usize| vec![KeyValuePair { key: key.to_owned(), value: value.to_string() }];
        let field = |name: &str, kind: DataType, parameters| FieldSchema {
            name: name.to_owned(),
            is_primary_key: false,
            data_type: kind.into(),
            type_params: parameters,
            auto_id: false,
        };
        let text = |name: &str, size| field(name, DataType::VarChar, parameter("max_length", size));
        let identity = FieldSchema { is_primary_key: true, auto_id: true, ..field("id", DataType::Int64, Vec::new()) };
        let mut fields = vec![identity, field(VECTOR, DataType::FloatVector, parameter("dim", dimension))];
        match self.payload {
            Payload::Json(name, size) => fields.push(text(name, size)),
            Payload::Columns(columns) => fields.extend(columns.iter().map(|column| match column {
                Column::Text(name, size) => text(name, *size),
                Column::Number(name) => field(name, DataType::Float, Vec::new()),
            })),
        }
        fields.push(text(self.key.0, self.key.1));
        CollectionSchema { name: name.to_owned(), description: String::new(), auto_id: true, fields }
    }

    /// Names of the columns that a search gives back.
    pub(crate) fn columns(&self) -> Vec<String> {
        let payload: Vec<&str> = match self.payload {
            Payload::Json(name, _) => vec![name],
            Payload::Columns(columns) => columns.iter().map(Column::name).collect(),
        };
        std::iter::once(self.key.0).chain(payload).map(str::to_owned).collect()
    }

    /// Rows as columns.
    ///
    /// # Errors
    /// `Invalid` for a key or a payload that does not fit its column.
    pub(crate) fn rows(&self, rows: &[Row<'_>]) -> Result<Vec<FieldData>> {
        let too_long = |what: &'static str, size: usize| {
            Error::invalid("this does not fit the collection").with_context("column", what).with_context("bytes", size)
        };
        if rows.iter().any(|row| row.key.len() > self.key.1) {
            return Err(too_long(self.key.0, self.key.1));
        }
        let dim = rows.first().map_or(0, |row| row.vector.len() as i64);
        let numbers: Vec<f32> = rows.iter().flat_map(|row| row.vector.iter().copied()).collect();
        let numbers = VectorField { dim, float_vector: Some(FloatArray { data: numbers }) };
        let keys = rows.iter().map(|row| row.key.to_owned()).collect();
        let mut all = vec![data(VECTOR, DataType::FloatVector, FieldValues::Vectors(numbers)), texts(self.key.0, keys)];
        match self.payload {
            Payload::Json(name, size) => {
                let payloads: Vec<String> = rows.iter().map(|row| row.payload.to_string()).collect();
                if payloads.iter().any(|json| json.len() > size) {
                    return Err(too_long(name, size));
                }
                all.push(texts(name, payloads));
            }
            Payload::Columns(columns) => all.extend(columns.iter().map(|column| match column {
                Column::Text(name, size) => {
                    let cut = |row: &Row<'_>| {
                        let value = row.payload[name].as_str().unwrap_or_default();
                        value[..value.floor_char_boundary(*size)].to_owned()
                    };
                    texts(name, rows.iter().map(cut).collect())
                }
                Column::Number(name) => {
                    let number = |row: &Row<'_>| row.payload[name].as_f64().unwrap_or(0.0) as f32;
                    let scalars = Scalars::Float(FloatArray { data: rows.iter().map(number).collect() });
                    data(name, DataType::Float, FieldValues::Scalars(ScalarField { data: Some(scalars) }))
                }
            })),
        }
        Ok(all)
    }

    /// Keys and payloads of the rows of an answer.
    ///
    /// # Errors
    /// `Corrupt` for an answer that lacks a column.
    pub(crate) fn read(&self, rows: usize, fields: &[FieldData]) -> Result<Vec<(String, Value)>> {
        let column = |name: &str| {
            let values = fields.iter().find(|field| field.field_name == name).and_then(values);
            let values = values.filter(|values| values.len() == rows);
            values.ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, "the answer of Milvus lacks a column")
                    .with_context("column", name)
                    .with_hint("the collection was made by another program; use another database")
            })
        };
        let keys = column(self.key.0)?.into_iter().map(|key| key.as_str().unwrap_or_default().to_owned());
        let payloads: Vec<Value> = match self.payload {
            Payload::Json(name, _) => {
                let texts = column(name)?;
                let read = |text: Value| serde_json::from_str(text.as_str().unwrap_or_default());
                texts.into_iter().map(read).collect::<std::result::Result<_, _>>()?
            }
            Payload::Columns(columns) => {
                let mut payloads = vec![Map::new(); rows];
                for name in columns.iter().map(Column::name) {
                    for (payload, value) in payloads.iter_mut().zip(column(name)?) {
                        payload.insert(name.to_owned(), value);
                    }
                }
                payloads.into_iter().map(Value::Object).collect()
            }
        };
        Ok(keys.zip(payloads).collect())
    }

    /// The expression that finds these keys.
    ///
    /// # Errors
    /// `Invalid` for a key with control characters, which no expression can hold.
    pub(crate) fn are_keys<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Result<String> {
        let quoted = keys.map(|key| {
            if key.chars().any(char::is_control) {
                return Err(Error::invalid("a key of a vector holds no control characters"));
            }
            Ok(format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\"")))
        });
        Ok(format!("{} in [{}]", self.key.0, quoted.collect::<Result<Vec<String>>>()?.join(", ")))
    }
}

impl Column {
    fn name(&self) -> &'static str {
        match self {
            Self::Text(name, _) | Self::Number(name) => name,
        }
    }
}

fn data(name: &str, kind: DataType, values: FieldValues) -> FieldData {
    FieldData { data_type: kind.into(), field_name: name.to_owned(), values: Some(values) }
}

fn texts(name: &str, values: Vec<String>) -> FieldData {
    let scalars = Scalars::Text(StringArray { data: values });
    data(name, DataType::VarChar, FieldValues::Scalars(ScalarField { data: Some(scalars) }))
}

/// The scalars of a column.
fn values(field: &FieldData) -> Option<Vec<Value>> {
    let Some(FieldValues::Scalars(ScalarField { data: Some(scalars) })) = &field.values else { return None };
    Some(match scalars {
        Scalars::Text(texts) => texts.data.iter().map(|text| Value::from(text.as_str())).collect(),
        Scalars::Float(numbers) => numbers.data.iter().map(|number| Value::from(f64::from(*number))).collect(),
    })
}

/// The length of the vectors of a collection.
pub(crate) fn dimension(schema: &CollectionSchema) -> Option<usize> {
    let vector = schema.fields.iter().find(|field| field.name == VECTOR)?;
    vector.type_params.iter().find(|pair| pair.key == "dim")?.value.parse().ok()
}
