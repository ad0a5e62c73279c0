//! Puts right what the parser attaches to the wrong node, before anything is translated.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    ObjectNamePart, VisitMut, visit_expressions_mut,
};

/// Repairs every expression of a tree, innermost first.
pub(super) fn normalise(node: &mut impl VisitMut) {
    let _ = visit_expressions_mut(node, |expr| {
        if let Expr::CompoundFieldAccess { .. } = expr {
            call_within_path(expr);
        }
        if let Expr::Function(function) = expr {
            nulls_of_argument(function);
        }
        ControlFlow::<()>::Continue(())
    });
}

/// `a.b.f(x).c` is read as a path from `a`, with a call of `f` as one of its fields; what is meant is the field `c` of `a.b.f(x)`.
fn call_within_path(expr: &mut Expr) {
    let Expr::CompoundFieldAccess { root, access_chain } = expr else {
        return;
    };
    let mut names = match root.as_ref() {
        Expr::Identifier(name) => vec![name.clone()],
        Expr::CompoundIdentifier(path) => path.clone(),
        _ => return,
    };
    for (place, access) in access_chain.iter().enumerate() {
        match access {
            AccessExpr::Dot(Expr::Identifier(name)) => names.push(name.clone()),
            AccessExpr::Dot(Expr::Function(function)) => {
                let mut function = function.clone();
                let before: Vec<ObjectNamePart> = names.into_iter().map(ObjectNamePart::Identifier).collect();
                function.name.0.splice(0..0, before);
                let rest = access_chain[place + 1..].to_vec();
                *expr = match rest.is_empty() {
                    true => Expr::Function(function),
                    false => Expr::CompoundFieldAccess {
                        root: Box::new(Expr::Function(function)),
                        access_chain: rest,
                    },
                };
                return;
            }
            AccessExpr::Dot(_) | AccessExpr::Subscript(_) => return,
        }
    }
}

/// `ARRAY_AGG(f(x) IGNORE NULLS)` is read as if the nulls were `f`'s.
fn nulls_of_argument(function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else {
        return;
    };
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(inner)))) = list.args.last_mut()
        && inner.over.is_none()
        && let Some(nulls) = inner.null_treatment.take()
    {
        list.clauses
            .insert(0, FunctionArgumentClause::IgnoreOrRespectNulls(nulls));
    }
}
