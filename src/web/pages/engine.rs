//! The template engine: one strict environment per language, so that texts need no argument to know theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value, ValueKind, merge_maps};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use time::OffsetDateTime;

use crate::config;
use crate::web::Locale;
use crate::web::files;
use crate::web::statics::Statics;
use crate::web::texts::{TextValue, Texts};

/// The ids of messages that were used.
pub(super) type Used = Arc<Mutex<BTreeSet<String>>>;

pub(super) struct Engine([(Locale, Environment<'static>); 3]);

/// The texts of one language, as templates see them.
#[derive(Clone)]
struct Speaker {
    texts: Arc<Texts>,
    locale: Locale,
    used: Option<Used>,
}

impl Engine {
    pub(super) fn load(brand: &config::Brand, texts: &Arc<Texts>, statics: &Arc<Statics>, used: Option<&Used>) -> Result<Self, String> {
        let build = |locale| {
            let speaker = Speaker { texts: Arc::clone(texts), locale, used: used.cloned() };
            environment(brand, speaker, Arc::clone(statics)).map(|environment| (locale, environment))
        };
        let [en, pt_br, es] = Locale::ALL.map(build);
        Ok(Self([en?, pt_br?, es?]))
    }

    /// The page's own values cannot hide the layout's.
    pub(super) fn render(&self, template: &str, locale: Locale, surroundings: Value, page: Value) -> Result<String, String> {
        let (_, environment) = self.0.iter().find(|(own, _)| *own == locale).ok_or("no such language")?;
        let template = environment.get_template(template).map_err(|error| tell(&error))?;
        template.render(merge_maps([surroundings, page])).map_err(|error| tell(&error))
    }
}

/// With the chain of causes, which is where a failing function's own words are.
fn tell(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn environment(brand: &config::Brand, speaker: Speaker, statics: Arc<Statics>) -> Result<Environment<'static>, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(|error| tell(&error))?;
    environment.set_syntax(syntax);
    environment.set_formatter(write);
    environment.add_global("lang", speaker.locale.tag());
    environment.add_global("dir", speaker.locale.direction());
    environment.add_global("brand", brand.name.clone());
    environment.add_global("support_url", brand.support_url.clone());
    environment.add_function("asset", move |name: &str| {
        statics.url(name).map(str::to_owned).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no static file {name}")))
    });
    let (known, dated) = (speaker.clone(), speaker.clone());
    environment.add_function("has_text", move |id: &str| known.texts.has(id));
    environment.add_function("moment", move |at: i64, options: Kwargs| dated.moment(at, &options));
    environment.add_function("t", move |id: &str, values: Kwargs| speaker.say(id, &text_values(&values)?));
    // What is called `.txt` is not escaped.
    for file in files::matching("", ".html").chain(files::matching("mail/", ".txt")) {
        let source = file.text()?;
        environment.add_template_owned(file.path.into_owned(), source).map_err(|error| tell(&error))?;
    }
    Ok(environment)
}

/// Escapes what HTML needs escaped, in texts and double-quoted attributes. The engine's own also turns `/` into `&#x2f;`, which makes a third of a
/// page with links out of it.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe() && matches!(state.auto_escape(), AutoEscape::Html)) else {
        return minijinja::escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        out.write_str(match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        })?;
        rest = special.get(1..).unwrap_or_default();
    }
    out.write_str(rest).map_err(Error::from)
}

impl Speaker {
    fn say(&self, id: &str, values: &BTreeMap<String, TextValue>) -> Result<String, Error> {
        if let Some(used) = &self.used {
            used.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        }
        self.texts.format(self.locale, id, values).map_err(|cause| Error::new(ErrorKind::InvalidOperation, cause))
    }

    /// A time in seconds since 1970, in words and in UTC; with `seconds=true` to the second.
    fn moment(&self, at: i64, options: &Kwargs) -> Result<String, Error> {
        let to_the_second = options.get::<Option<bool>>("seconds")?.unwrap_or(false);
        options.assert_all_used()?;
        let at = OffsetDateTime::from_unix_timestamp(at).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
        let (hour, minute, second) = at.to_hms();
        let clock = if to_the_second { format!("{hour:02}:{minute:02}:{second:02}") } else { format!("{hour:02}:{minute:02}") };
        // As text: languages that group thousands must not do so in a year.
        let values = [
            ("day", TextValue::Text(at.day().to_string())),
            ("month", TextValue::Number(i64::from(u8::from(at.month())))),
            ("year", TextValue::Text(at.year().to_string())),
            ("clock", TextValue::Text(clock)),
        ];
        self.say("moment", &values.map(|(name, value)| (name.to_owned(), value)).into())
    }
}

fn text_values(values: &Kwargs) -> Result<BTreeMap<String, TextValue>, Error> {
    let of = |name: &str| {
        let value: Value = values.get(name)?;
        let text = match value.kind() {
            ValueKind::Number => value.as_i64().map(TextValue::Number),
            ValueKind::String => value.as_str().map(|text| TextValue::Text(text.to_owned())),
            _ => None,
        };
        let text = text.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("{name} is neither a text nor a whole number")))?;
        Ok((name.to_owned(), text))
    };
    values.args().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_markup_of_macros_is_not() {
        let mut environment = Environment::new();
        environment.set_formatter(write);
        environment.add_template("a.html", "{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}{{ b(text) }} {{ 7 }}").unwrap();
        let html = environment.get_template("a.html").unwrap().render(minijinja::context! { text => "a/é<&>\"'" }).unwrap();
        assert_eq!(html, "<b>a/é&lt;&amp;&gt;&quot;&#39;</b> 7");
    }

    #[test]
    fn what_a_template_does_not_know_is_an_error() {
        let texts = Arc::new(Texts::load().unwrap());
        let statics = Arc::new(Statics::load().unwrap());
        let speaker = Speaker { texts, locale: Locale::En, used: None };
        let environment = environment(&config::Brand::default(), speaker, statics).unwrap();
        let render = |source: &str| environment.render_str(source, ());
        for source in
            ["{{ nobody }}", "{% if nobody %}{% endif %}", "{{ t('nothing') }}", "{{ asset('nothing.css') }}", "{{ t('choose-intro') }}"]
        {
            assert!(render(source).is_err(), "{source}");
        }
        assert_eq!(render("{{ t('choose-intro', client='A') }}").unwrap(), "to continue to A");
    }
}
